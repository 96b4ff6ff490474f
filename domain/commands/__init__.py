"""What may be asked of the domain: one file a noun, each command a method that ends in one append."""
