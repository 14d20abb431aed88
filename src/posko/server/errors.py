"""Error pages that say what to do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old or came from elsewhere."""
    return render(
        request, "error.html", {"title": "Formulir sudah kedaluwarsa", "text": "Muat ulang halaman, lalu kirim lagi."}, status=403
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Not this person's page."""
    return render(request, "error.html", {"title": "Bukan bagian Anda", "text": "Halaman ini untuk peran atau wilayah lain."}, status=403)


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """No such page."""
    return render(
        request,
        "error.html",
        {"title": "Halaman tidak ada", "text": "Alamatnya mungkin salah ketik, atau datanya belum dibuat."},
        status=404,
    )


def broken(request: HttpRequest) -> HttpResponse:
    """Our fault: nothing was half saved. Rendered without the usual context, which may be what broke."""
    text = "Tidak ada yang tersimpan setengah. Coba sekali lagi; bila berulang, kabari admin."
    page = loader.get_template("error_bare.html").render({"title": "Posko gagal menjawab", "text": text})
    return HttpResponse(page, status=500)


def too_large(megabytes: int) -> HttpResponse:
    """More than anybody sends on purpose; refused before it was read, so without the usual context."""
    text = f"Kiriman lebih dari {megabytes} MB tidak diterima, dan tidak ada yang tersimpan. Kirim satu foto atau satu berkas setiap kali."
    page = loader.get_template("error_bare.html").render({"title": "Kiriman terlalu besar", "text": text})
    return HttpResponse(page, status=413)
