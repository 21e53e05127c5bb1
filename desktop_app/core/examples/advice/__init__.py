"""What no service refuses, and what still makes examples teach badly."""
