"""Stage neutrality: does the post treat every part of the regency alike?"""
