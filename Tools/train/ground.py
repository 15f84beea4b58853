"""How much of each pixel is ink: the writing told from what it stands on, whatever the colours of the two.

Integer arithmetic only; the runtime's twin is Sources/Images/Ground.swift. Colours differ by the largest difference of a channel.
"""

import numpy as np

from components import closed, components, highest, lowest, opened, thickness

NOISE = 32  # Ink below this, with the darkest at 255, is none.
LEAST_REACH = 24  # Pixels within this of a colour are of it.
FAINT = 64  # Ink below this neither bounds the formula nor counts for its thickness.
LEAST_CONTRAST = 32  # of the strongest ink on a plain ground
LEAST_VISIBLE = 26  # of the strongest ink on any ground: a little more than LEAST_REACH
# Pictures of more pixels are reduced first: all, and those whose ground is not plain.
HUGE, LARGE = 24_000_000, 6_000_000


def grey_of(rgb: np.ndarray) -> np.ndarray:
    rgb = rgb.astype(np.int32)
    return (299 * rgb[..., 0] + 587 * rgb[..., 1] + 114 * rgb[..., 2] + 500) // 1000


def border(values: np.ndarray) -> np.ndarray:
    return np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])


def lower_median(values: np.ndarray) -> int:
    return int(np.partition(values.ravel(), (values.size - 1) // 2)[(values.size - 1) // 2])


def plain_distance(grey: np.ndarray, ground: int) -> np.ndarray:
    """Difference in brightness from one ground; writing is darker where the ground is light."""
    return np.maximum(ground - grey if ground >= 128 else grey - ground, 0).astype(np.uint8)


def scaled_ink(distance: np.ndarray, contrast: int) -> np.ndarray:
    """Ink of 0 to 255, of which `contrast` becomes 255; what is weaker than NOISE then is none."""
    ink = np.minimum((distance.astype(np.int32) * 255 + contrast // 2) // contrast, 255)
    ink[ink < NOISE] = 0
    return ink.astype(np.uint8)


def is_plain(rgb: np.ndarray, grey: np.ndarray, ground: int, distance: np.ndarray, ripple: int, widest: int) -> bool:
    """Whether nothing speaks against one ground and against brightness alone telling the ink.

    A square full of ink, `widest` times as wide as strokes are thick, does.
    """
    contrast = int(distance.max())
    if contrast < LEAST_CONTRAST:
        return False
    # What is brighter than a light ground, or darker than a dark one.
    other = grey - ground if ground >= 128 else ground - grey
    if int((other * 4 > max(contrast, 64, 10 * ripple)).sum()) * 1000 > grey.size + 4000:
        return False
    ink = scaled_ink(distance, contrast)
    if int(np.count_nonzero(ink)) * 2 > ink.size:
        return False
    # Marks of middling strength, as selections are, are not what strokes are measured by at first.
    leasts = (192,) if widest == 2 else (FAINT, 128)
    stroke = max(thickness(np.where(ink < least, 0, ink)) for least in leasts)
    side = min(odd(widest * stroke // 16 + 3), odd(min(grey.shape) // 2))
    if lowest(np.where(ink < NOISE, 0, 255).astype(np.uint8), side)[
            side // 2:grey.shape[0] - side // 2, side // 2:grey.shape[1] - side // 2].any():
        return False
    # Ink that brightness does not show.
    if is_coloured(rgb):
        colours = colour_distance(rgb, [lower_median(border(rgb[..., channel])) for channel in range(3)])
        shown = 2 * highest(ink, 5).astype(np.int32) + FAINT + 3 * ripple
        if int((colours.astype(np.int32) * 255 > shown * int(colours.max())).sum()) > 4:
            return False
    return True


def is_coloured(rgb: np.ndarray) -> bool:
    return bool((rgb[..., 0] != rgb[..., 1]).any() or (rgb[..., 1] != rgb[..., 2]).any())


def odd(size: int) -> int:
    return size | 1


def colour_distance(rgb: np.ndarray, colour) -> np.ndarray:
    return np.abs(rgb.astype(np.int16) - np.asarray(colour, np.int16)).max(axis=-1).astype(np.uint8)


def distance_from_ground(rgb: np.ndarray) -> tuple[np.ndarray, bool, int]:
    """How far each pixel of a picture [h, w, 3] is from the ground it stands on, 0 to 255; whether that ground is one and
    brightness alone tells the ink; and the picture's ripple."""
    rgb = reduced(rgb, HUGE)
    grey = grey_of(rgb)
    ground, ripple = lower_median(border(grey)), ripple_of_picture(rgb, grey)
    distance = plain_distance(grey, ground)
    if is_plain(rgb, grey, ground, distance, ripple, 2):
        return distance, True, ripple
    if rgb.shape[0] * rgb.shape[1] > LARGE:
        rgb = reduced(rgb, LARGE)
        grey = grey_of(rgb)
        ground, ripple = lower_median(border(grey)), ripple_of_picture(rgb, grey)
    grounds = flat_colours(rgb, ripple)
    if grounds is None:
        return shaded_distance(rgb, ripple), False, ripple
    regions = ground_regions(rgb, grounds)
    if not regions:
        one = int(grey_of(np.array(grounds[:1], np.uint8))[0])
        if abs(one - ground) > 8:  # frames and scan edges, not writing, made the border's median
            ground = one
        distance = plain_distance(grey, ground)
        if is_plain(rgb, grey, ground, distance, ripple, 5):
            return distance, True, ripple
    return labelled_distance(rgb, grounds[0], regions), False, ripple


def reduced(rgb: np.ndarray, most: int) -> np.ndarray:
    """Means of squares, so that at most so many pixels are left; edges are repeated."""
    height, width = rgb.shape[:2]
    factor = 1
    while ((height + factor - 1) // factor) * ((width + factor - 1) // factor) > most:
        factor += 1
    if factor == 1:
        return rgb
    rows, columns = (height + factor - 1) // factor, (width + factor - 1) // factor
    padded = np.pad(rgb, ((0, rows * factor - height), (0, columns * factor - width), (0, 0)), mode="edge")
    sums = padded.astype(np.int64).reshape(rows, factor, columns, factor, 3).sum(axis=(1, 3))
    return ((sums + factor * factor // 2) // (factor * factor)).astype(np.uint8)


def ripple_of(grey: np.ndarray) -> int:
    """Twice the lower quartile of a pixel's difference from its two neighbours' sum: 1.6 times the deviation of noise."""
    if grey.shape[1] < 3:
        return 0
    differences = np.abs(2 * grey[:, 1:-1] - grey[:, :-2] - grey[:, 2:]).ravel()
    return 2 * int(np.partition(differences, (differences.size - 1) // 4)[(differences.size - 1) // 4])


def ripple_of_picture(rgb: np.ndarray, grey: np.ndarray) -> int:
    """The largest of the channels: their noise may be greater than that of their mean."""
    return max(ripple_of(rgb[..., channel].astype(np.int32)) for channel in range(3)) if is_coloured(rgb) else ripple_of(grey)


def flat_colours(rgb: np.ndarray, ripple: int) -> list[tuple[int, int, int]] | None:
    """The colours of the picture's flat parts, the most frequent first; None where they go over into one another."""
    height, width = rgb.shape[:2]
    side = 4
    rows, columns = height // side, width // side
    if rows * columns < 4:
        return [tuple(lower_median(border(rgb[..., channel])) for channel in range(3))]
    blocks = rgb[:rows * side, :columns * side].astype(np.int32).reshape(rows, side, columns, side, 3)
    blocks = blocks.transpose(0, 2, 1, 3, 4).reshape(rows * columns, side * side, 3)
    mean = (blocks.sum(axis=1) + side * side // 2) // (side * side)
    deviation = np.abs(blocks - mean[:, None]).sum(axis=1).max(axis=-1)
    colours = mean[deviation <= side * side * (6 + ripple)]
    if len(colours) < 4 or len(colours) * 50 < rows * columns:
        return [tuple(lower_median(border(rgb[..., channel])) for channel in range(3))]
    found, left, reach = [], colours, 16 + ripple
    for _ in range(5):
        if len(left) * 100 < len(colours) or (found and len(left) < 3):
            break
        bins = (left >> 3) @ np.array([1024, 32, 1])
        middle = np.argmax(np.bincount(bins, minlength=1 << 15))
        centre = np.array([middle >> 10, middle >> 5 & 31, middle & 31]) * 8 + 4
        near = np.abs(left - centre).max(axis=-1) <= reach
        members = left[near]
        centre = (members.sum(axis=0) + len(members) // 2) // len(members)
        near = np.abs(left - centre).max(axis=-1) <= reach
        found.append((tuple(int(v) for v in centre), int(near.sum())))
        left = left[~near]
        if not near.any():
            break
    if len(left) * 12 > len(colours):
        return None
    for number, (one, _) in enumerate(found):
        for other, _ in found[:number]:
            if max(abs(a - b) for a, b in zip(one, other)) < 44 + 2 * ripple or is_shadow(one, other):
                return None
    return [colour for colour, _ in found]


def is_shadow(one, other) -> bool:
    """Whether one colour is the other in less light, but not in much less."""
    light, dark = (one, other) if sum(one) >= sum(other) else (other, one)
    whole, part = sum(light), sum(dark)
    return part * 20 >= whole * 7 and all(abs(b * whole - a * part) <= 12 * whole for a, b in zip(light, dark))


def ground_regions(rgb: np.ndarray, grounds) -> list[tuple[tuple[int, int, int], np.ndarray]]:
    """The further grounds beside the first that are more than strokes, and where they lie."""
    main = colour_distance(rgb, grounds[0])
    found = []
    for colour in grounds[1:]:
        nearest = min(max(abs(a - b) for a, b in zip(colour, other)) for other in grounds if other != colour)
        mask = np.where(colour_distance(rgb, colour) <= max(LEAST_REACH, nearest // 3), 255, 0).astype(np.uint8)
        region = ground_region(mask, main)
        if region is not None:
            found.append((colour, region))
    return found


def labelled_distance(rgb: np.ndarray, main, regions) -> np.ndarray:
    """The difference of each pixel from the ground that it stands on, one of a few colours."""
    grounds = [main] + [colour for colour, _ in regions]
    label = np.zeros(rgb.shape[:2], np.int8)
    for number, (_, region) in enumerate(regions, 1):
        label[region] = number
    colours = np.asarray(grounds, np.int16)
    values = rgb.astype(np.int16)
    distance = np.abs(values - colours[label]).max(axis=-1)
    masks = [np.where(label == number, 255, 0).astype(np.uint8) for number in range(len(grounds))]
    seam = np.zeros(label.shape, bool)
    exact = distance <= 8
    for number in range(1, len(grounds)):
        for other in range(number):
            line = (highest(masks[number], 3) > 0) & (highest(masks[other], 3) > 0)
            # Where most pixels at the seam are of one ground or the other, it is sharp: all the others are writing.
            if not line.any() or int((line & exact).sum()) * 2 > int(line.sum()):
                continue
            zone = (highest(masks[number], 5) > 0) & (highest(masks[other], 5) > 0)
            for part in range(9):
                mixed = (colours[number] * (8 - part) + colours[other] * part + 4) >> 3
                distance[zone] = np.minimum(distance[zone], np.abs(values[zone] - mixed).max(axis=-1))
            seam |= (highest(masks[number], 9) > 0) & (highest(masks[other], 9) > 0)
    # What is left along a blurred seam is ripples of JPEG: weak, or nowhere else.
    distance[seam & (distance * 2 < int(distance.max()))] = 0
    if seam.any():
        parts = components(distance >= NOISE)
        lone = parts.count(np.where(seam, parts.labels, 0)) * 10 >= parts.area * 9
        distance[np.concatenate([[False], lone])[parts.labels]] = 0
    return distance.astype(np.uint8)


def ground_region(mask: np.ndarray, main: np.ndarray) -> np.ndarray | None:
    """The area that a colour covers as a ground, holes of writing and all; None where it is no ground but strokes.

    `mask` is 255 where the colour is; `main` is the difference from the picture's main ground.
    """
    core = opened(mask, 5)
    if not core.any():
        return None
    # Strokes of other colours, without the blurred edges of this one.
    others = np.where((highest(mask, 3) > 0) | (main < FAINT), 0, main).astype(np.uint8)
    count = np.count_nonzero(others)
    written = thickness(others) if count >= 20 and count * 16 >= np.count_nonzero(core) else 0
    own = thickness(core)
    parts = components(core > 0)
    short = np.minimum(parts.right - parts.left, parts.bottom - parts.top)
    is_wide = short * 5 >= own  # 3.2 times as wide as its mean thickness, which writing within makes small
    if written:
        is_wide |= short * 4 >= written
    boxes = (parts.right - parts.left) * (parts.bottom - parts.top)
    chosen = is_wide & (short >= 7) & (parts.area * 5 >= boxes * 2)
    # Of a ground most is wide; of strokes some may be.
    if not chosen.any() or int(parts.area[chosen].sum()) * 3 < int(parts.area.sum()):
        return None
    core = np.where(np.concatenate([[False], chosen])[parts.labels], 255, 0).astype(np.uint8)
    reach = min(int(short[chosen].max()) // 2, 63)
    padded = np.pad(core, reach)
    region = closed(padded, odd(reach))[reach:padded.shape[0] - reach, reach:padded.shape[1] - reach] > 0
    # Where writing crosses the edge, closing leaves notches. Of a rectangle they are known: they touch its edge, and writing in them
    # may have the colour of the other ground, but no flat area of it. Of another shape, slivers of the colour and the pixels beside
    # them, blurred edges of strokes, are added.
    boxes, filled = np.zeros(mask.shape, bool), np.zeros(mask.shape, bool)
    for number in np.flatnonzero(chosen):
        box = np.s_[parts.top[number]:parts.bottom[number], parts.left[number]:parts.right[number]]
        inside, own = region[box], mask[box] > 0
        boxes[box] = True
        has_corners = own[0, 0] and own[0, -1] and own[-1, 0] and own[-1, -1]
        if has_corners and int(inside.sum()) * 4 >= inside.size * 3:
            filled[box] |= notches(inside, main[box])
    near = highest(np.where(boxes, mask, 0).astype(np.uint8), 3) > 0
    return region | filled | (near & boxes & (main > LEAST_REACH))


def notches(inside: np.ndarray, main: np.ndarray) -> np.ndarray:
    """The parts of a box, outside of its region, that touch the box's edge and hold no flat area of the main ground."""
    parts = components(~inside)
    height, width = inside.shape
    touching = (parts.left == 0) | (parts.top == 0) | (parts.right == width) | (parts.bottom == height)
    flat = opened(np.where(main <= LEAST_REACH, 255, 0).astype(np.uint8), max(5, min(width, height) // 4) | 1) > 0
    chosen = touching & (parts.count(np.where(flat, parts.labels, 0)) == 0)
    return np.concatenate([[False], chosen])[parts.labels]


def shaded_distance(rgb: np.ndarray, ripple: int) -> np.ndarray:
    """The difference of each pixel from a ground that changes over the picture: what is left where thin marks are filled."""
    channels = [rgb[..., channel] for channel in range(3 if is_coloured(rgb) else 1)]
    smooth = [averaged(one) if ripple > 3 else one for one in channels]
    size = 9
    while True:
        distance = np.zeros(rgb.shape[:2], np.uint8)
        for values in smooth:
            distance = np.maximum(distance, thin_marks(values, size))
        most = int(distance.max())
        floor = max(most // 4, 3 * ripple, NOISE - 1)
        stroke = thickness(np.where(distance > floor, distance, 0))
        if 4 * stroke <= 16 * size or size >= 129:
            return np.where(distance > ripple, distance - np.minimum(distance, ripple), 0).astype(np.uint8)
        size = 2 * size - 1


def averaged(values: np.ndarray) -> np.ndarray:
    """The mean of 3 × 3 pixels, edges repeated."""
    padded = np.pad(values.astype(np.int32), 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return ((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:] + 4) // 9).astype(np.uint8)


def thin_marks(values: np.ndarray, size: int) -> np.ndarray:
    """How far thin marks stand out, dark ones or light ones, whichever the picture's are."""
    light, dark = closed(values, size), opened(values, size)
    range_ = light.astype(np.int16) - dark
    most = int(range_.max())
    if most < 16:
        return np.zeros(values.shape, np.uint8)
    side = 2 * size
    votes = 0
    for top in range(0, values.shape[0], side):
        for left in range(0, values.shape[1], side):
            tile = np.s_[top:top + side, left:left + side]
            marked = range_[tile] * 3 > most
            count = int(marked.sum())
            if count:
                middle = lower_median(values[tile])
                nearer = np.abs(light[tile].astype(np.int16) - middle) <= np.abs(dark[tile].astype(np.int16) - middle)
                votes += 2 * int((nearer & marked).sum()) - count
    return light - values if votes >= 0 else values - dark
