"""Where concrete things meet: the composition root, and both commands."""
