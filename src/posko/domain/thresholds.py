"""Stage thresholds: From which value on does an early warning speak, and who answers for that value?"""
