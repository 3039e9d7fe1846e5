"""Programs that check files of the tree. The lab itself runs without them."""
