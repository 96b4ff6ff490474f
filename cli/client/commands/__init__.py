"""The commands, one file a family; cli/client/families.py is the table of them."""
