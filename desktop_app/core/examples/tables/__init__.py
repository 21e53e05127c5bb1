"""Tables: CSV and TSV, workbooks, pasted cells, and which column is what in them."""
