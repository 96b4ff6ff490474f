"""What is asked: read models. One file a view: its tables, apply(event), its queries."""
