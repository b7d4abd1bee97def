"""The pages of ``docs/reference``, written from what the code declares. Nothing that serves imports this."""
