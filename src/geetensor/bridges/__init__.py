"""From the table of scenes to other tools, and back."""
