"""Which scenes there are: questions to the service, and their answers as tables."""
