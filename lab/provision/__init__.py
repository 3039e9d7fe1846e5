"""How each piece of the lab is found, fetched or built: a file a piece."""
