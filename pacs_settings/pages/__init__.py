"""The pages, one package a section."""
