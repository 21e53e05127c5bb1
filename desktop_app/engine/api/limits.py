"""How much a client may send. Beyond it the answer is 413, from Content-Length alone if given."""

MAX_JSON_BYTES = 16 * 1024 * 1024
MAX_FILE_BYTES = 512 * 1024 * 1024
"""SPEC `/files`: "Individual files can be up to 512 MB"."""
MAX_PART_BYTES = 64 * 1024 * 1024
"""SPEC `/uploads/{upload_id}/parts`: "Each Part can be at most 64 MB"."""
MAX_FORM_BYTES = 1024 * 1024
"""What a form may hold beside its file: boundaries, headers, fields."""
