"""Reporting: one content model, several renderers.

(Work in progress, remove this paragraph when done. The content model report.py, the PDF (pdf*.py) and the method text
are being written by the new "reporting" colleague from 11:25 on. The "casefile" colleague takes the data formats on top
of report.py: csv, geojson, kml/kmz, gpx, case_uco, bundle, and PDF signing; the HTML with the map comes after.)
"""
