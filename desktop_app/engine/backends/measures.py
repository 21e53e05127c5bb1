"""The measures that every model of this family has, whoever runs it."""

from msgspec import Struct


class Measures(Struct, frozen=True):
    """Sizes of a model: d = width, H query heads and K key heads of h numbers each."""

    layers: int
    width: int
    heads: int
    key_heads: int
    head_width: int
    inner: int
    vocabulary: int

    @property
    def queries_width(self) -> int:
        """H h: what the query projection puts out."""
        return self.heads * self.head_width

    @property
    def keys_width(self) -> int:
        """K h: what the key and the value projection each put out."""
        return self.key_heads * self.head_width

    @property
    def linear_parameters(self) -> int:
        """The weights of all linear layers, embedding and output left out."""
        attention = 2 * self.width * (self.queries_width + self.keys_width)
        return self.layers * (attention + 3 * self.width * self.inner)

    @property
    def norms_heads(self) -> bool:
        """Whether queries and keys are normalised, each head by itself; each kind says so."""
        raise NotImplementedError
