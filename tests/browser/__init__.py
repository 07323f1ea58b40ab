"""Pages in a real browser: every number on them is the library's, and nothing complains."""
