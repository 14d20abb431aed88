"""Stage releases: what may the public see?"""
