"""Stage transfers: which TPS has too few, who may help, and how soon can it be there?"""
