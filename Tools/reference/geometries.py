"""The shapes of model that the reference makes, from a toy for the unit tests to the published sizes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Geometry:
    """Sizes of one Janus model; what is not given has the value of the published Janus-Pro-1B."""

    # Language model (Llama).
    hidden: int = 2048
    intermediate: int = 5632
    layers: int = 24
    heads: int = 16
    kv_heads: int = 16
    head_dim: int = 128
    vocab: int = 102400
    context: int = 16384
    rope_theta: float = 10000.0
    # Vision tower (SigLIP).
    image_size: int = 384
    patch_size: int = 16
    vision_hidden: int = 1024
    vision_layers: int = 24
    vision_heads: int = 16
    vision_mlp_ratio: float = 4.0
    # VQ model.
    codes: int = 16384
    code_dim: int = 8
    latent_channels: int = 256
    base_channels: int = 128
    channel_multiplier: tuple[int, ...] = (1, 1, 2, 2, 4)
    res_blocks: int = 2
    # What a checkpoint may leave out: the head shared with the embeddings, the VQ encoder that nothing reads.
    tied: bool = False
    vq_encoder: bool = True
    # Gains of the random weights: how far apart the logits of neighbouring tokens and codes lie.
    head_gain: float = 2.0
    code_gain: float = 1.0
    # How sharply attention chooses; several query heads on one key-value head multiply its errors.
    attention_gain: float = 1.7

    @property
    def grid(self) -> int:
        """Patches, and codes of a painted picture, along one side."""
        return self.image_size // self.patch_size


GEOMETRIES = {
    "tiny": Geometry(
        hidden=64, intermediate=96, layers=2, heads=4, kv_heads=4, head_dim=16, vocab=544, context=512,
        image_size=64, patch_size=8, vision_hidden=64, vision_layers=2, vision_heads=4, vision_mlp_ratio=2.0,
        codes=256, latent_channels=32, base_channels=32, channel_multiplier=(1, 1), res_blocks=1,
        vq_encoder=False,
    ),
    # Grouped-query heads (8 of 16, twice as wide as the hidden size, over 2), 224-pixel pictures, a shared head, a
    # channel count that changes between levels, and a rope base that is not the default.
    "gqa224": Geometry(
        hidden=64, intermediate=96, layers=2, heads=8, kv_heads=2, head_dim=16, vocab=544, context=1024, rope_theta=50000.0,
        image_size=224, patch_size=16, vision_hidden=64, vision_layers=1, vision_heads=2, vision_mlp_ratio=2.0,
        codes=128, latent_channels=32, base_channels=32, channel_multiplier=(2, 1), res_blocks=1,
        tied=True, vq_encoder=False, attention_gain=1.4,
    ),
    # The full-size vision tower and VQ model around a small language model.
    "deepseek-small": Geometry(
        hidden=256, intermediate=704, layers=4, heads=4, kv_heads=4, head_dim=64, vocab=544, context=2048,
        attention_gain=1.4,
    ),
    "1B": Geometry(),
    "7B": Geometry(hidden=4096, intermediate=11008, layers=30, heads=32, kv_heads=32),
}
