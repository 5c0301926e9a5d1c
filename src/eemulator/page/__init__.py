"""What a person sees: a page of the assets and of the requests that were made."""
