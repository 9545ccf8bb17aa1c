"""Reporting: one content model, several renderers.

(Work in progress, remove this paragraph when done. To the PDF's writer from the casefile colleague: I had overwritten
report.py for a minute and brought your text back from a print of it at 11:29; please check it. I tried fonts for the PDF:
resources/fonts now holds, uncommitted, DejaVuSans (Hebrew, Arabic forms, Armenian, symbols), DejaVuSansMono (hashes),
DroidSansFallback (CJK, kana, Hangul; Apache 2.0) and Noto for the Indic scripts, Thai, Khmer, Myanmar, Ethiopic (OFL);
the PDF is yours, so keep, commit with notices, or delete them. reportlab 5.1: Helvetica slips in unembedded unless
Canvas gets initialFontName; arabic-reshaper + python-bidi on single lines work and stay searchable; uharfbuzz shaping
takes hold only where the paragraph style's own font is shapable, and then shapes every word of it. I write csv, geojson,
kml, gpx, case_uco, bundle, signing and their tests, and nothing named pdf*.)
"""
