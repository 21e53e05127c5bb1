"""Back ends that hold a model's weights, train them and answer with them."""
