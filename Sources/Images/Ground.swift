/// How far each pixel of a picture is from the ground that it stands on, whatever the colours of ground and writing.
///
/// Colours differ by the largest difference of a channel. Integer arithmetic only; the twin is Tools/train/ground.py.
struct Ground {
  /// Ink below this, with the darkest at 255, is none: blurred edges, ripples of JPEG.
  static let noise = 32
  /// Ink below this neither bounds the writing nor counts for its thickness.
  static let faint = 64
  /// On a plain ground the strongest ink differs from it by at least this much.
  static let leastContrast = 32
  /// Weaker writing than this is none on any ground. A little more than the reach of a colour, `LabelledGround.leastReach`.
  static let leastVisible = 26
  /// Pictures of more pixels are reduced first.
  static let huge = 24_000_000
  /// Those whose ground is not plain are reduced to this.
  private static let large = 6_000_000

  /// The difference from the ground, [height, width]; smaller than a very large picture.
  let distance: Plane
  /// Whether there is one ground, and brightness alone tells the writing from it.
  let isPlain: Bool
  /// 1.6 times the deviation of the picture's noise.
  let ripple: Int
  /// Pixels of the picture, across and down, for one of `distance`.
  let factor: Int

  init(of picture: Picture) {
    var factor = picture.reduction(toPixels: Self.huge)
    var picture = picture.reduced(by: factor)
    var grey = picture.grey
    var ground = grey.medianOfBorder
    var ripple = picture.ripple(grey: grey)
    var distance = grey.distance(fromPlain: ground)
    var isPlain = Self.isPlain(picture, grey, ground, distance, ripple, widest: 2)
    if !isPlain {
      if picture.width * picture.height > Self.large {
        let further = picture.reduction(toPixels: Self.large)
        picture = picture.reduced(by: further)
        factor *= further
        grey = picture.grey
        ground = grey.medianOfBorder
        ripple = picture.ripple(grey: grey)
      }
      if let grounds = FlatColours(of: picture, ripple: ripple).grounds {
        let labelled = LabelledGround(of: picture, grounds)
        if labelled.isOne {
          // Where frames or edges of scans, not writing, made the border's median.
          let one = grounds[0].grey
          if abs(one - ground) > 8 { ground = one }
          distance = grey.distance(fromPlain: ground)
          isPlain = Self.isPlain(picture, grey, ground, distance, ripple, widest: 5)
        }
        if !isPlain { distance = labelled.distance }
      } else {
        distance = ShadedGround(of: picture, ripple: ripple).distance
      }
    }
    self.distance = distance
    self.isPlain = isPlain
    self.ripple = ripple
    self.factor = factor
  }

  /// Whether nothing speaks against one ground and against brightness alone telling the ink.
  ///
  /// - Parameter widest: a square full of ink, so many times as wide as strokes are thick, speaks against it.
  private static func isPlain(
    _ picture: Picture, _ grey: Plane, _ ground: Int, _ distance: Plane, _ ripple: Int, widest: Int
  ) -> Bool {
    let contrast = distance.largest
    if contrast < leastContrast { return false }
    // What is brighter than a light ground, or darker than a dark one.
    let least = max(contrast, 64, 10 * ripple)
    var contrary = 0
    for value in grey.values {
      let other = ground >= 128 ? Int(value) - ground : ground - Int(value)
      if other * 4 > least { contrary += 1 }
    }
    if contrary * 1000 > grey.count + 4000 { return false }
    let ink = distance.ink(contrast: contrast)
    if ink.count(where: { $0 != 0 }) * 2 > ink.count { return false }
    // Marks of middling strength, as selections are, are not what strokes are measured by at first.
    let stroke =
      widest == 2
      ? ink.thickness(from: 192) : max(ink.thickness(from: faint), ink.thickness(from: 128))
    let side = min((widest * stroke / 16 + 3) | 1, (min(grey.width, grey.height) / 2) | 1)
    if ink.mask({ $0 >= noise }).lowest(side).hasInner(margin: side / 2) { return false }
    return !picture.isColoured || brightnessShowsAll(picture, ink, ripple)
  }

  /// Whether the ink that brightness shows leaves out nothing that colour shows.
  private static func brightnessShowsAll(_ picture: Picture, _ ink: Plane, _ ripple: Int) -> Bool {
    let colours = picture.distance(from: picture.medianOfBorder)
    let most = colours.largest
    let shown = ink.highest(5)
    var hidden = 0
    for (colour, value) in zip(colours.values, shown.values)
    where Int(colour) * 255 > (2 * Int(value) + faint + 3 * ripple) * most { hidden += 1 }
    return hidden <= 4
  }
}

/// A colour of three channels.
struct Colour: Equatable {
  var channels: SIMD3<Int>

  /// Brightness, as ITU-R BT.601 weighs it, rounded.
  var grey: Int { (299 * channels[0] + 587 * channels[1] + 114 * channels[2] + 500) / 1000 }

  /// The largest difference of a channel.
  func distance(to other: Colour) -> Int {
    (0..<3).map { abs(channels[$0] - other.channels[$0]) }.max()!
  }
}

extension Picture {
  /// [height, width]
  var grey: Plane {
    let count = width * height
    let values = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      bytes.withUnsafeBufferPointer { source in
        for pixel in 0..<count {
          let (red, green) = (UInt32(source[pixel * 3]), UInt32(source[pixel * 3 + 1]))
          let blue = UInt32(source[pixel * 3 + 2])
          target[pixel] = UInt8((299 * red + 587 * green + 114 * blue + 500) / 1000)
        }
      }
      initialized = count
    }
    return Plane(width: width, height: height, values: values)
  }

  func channel(_ channel: Int) -> Plane {
    let count = width * height
    let values = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      bytes.withUnsafeBufferPointer { source in
        for pixel in 0..<count { target[pixel] = source[pixel * 3 + channel] }
      }
      initialized = count
    }
    return Plane(width: width, height: height, values: values)
  }

  var isColoured: Bool {
    bytes.withUnsafeBufferPointer { bytes in
      for pixel in 0..<bytes.count / 3
      where bytes[pixel * 3] != bytes[pixel * 3 + 1] || bytes[pixel * 3] != bytes[pixel * 3 + 2] {
        return true
      }
      return false
    }
  }

  /// The ripple of the channel that has most: noise of channels may be greater than that of their mean.
  func ripple(grey: Plane) -> Int {
    isColoured ? (0..<3).map { channel($0).ripple }.max()! : grey.ripple
  }

  /// Each channel's lower median over the outermost pixels.
  var medianOfBorder: Colour {
    Colour(channels: SIMD3((0..<3).map { channel($0).medianOfBorder }))
  }

  /// The largest difference of a channel from a colour.
  func distance(from colour: Colour) -> Plane {
    let count = width * height
    let (red, green, blue) = (
      Int16(colour.channels[0]), Int16(colour.channels[1]), Int16(colour.channels[2])
    )
    let values = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      bytes.withUnsafeBufferPointer { source in
        for pixel in 0..<count {
          let (r, g) = (Int16(source[pixel * 3]), Int16(source[pixel * 3 + 1]))
          let b = Int16(source[pixel * 3 + 2])
          target[pixel] = UInt8(
            truncatingIfNeeded: max(abs(r - red), abs(g - green), abs(b - blue)))
        }
      }
      initialized = count
    }
    return Plane(width: width, height: height, values: values)
  }

  /// The least factor that leaves at most `most` pixels.
  func reduction(toPixels most: Int) -> Int {
    func parts(_ side: Int, _ factor: Int) -> Int { (side + factor - 1) / factor }
    var factor = 1
    while parts(width, factor) * parts(height, factor) > most { factor += 1 }
    return factor
  }

  /// The means of squares of pixels; edges are repeated.
  func reduced(by factor: Int) -> Picture {
    if factor == 1 { return self }
    let (columns, rows) = ((width + factor - 1) / factor, (height + factor - 1) / factor)
    let area = factor * factor
    var result = [UInt8](repeating: 0, count: columns * rows * 3)
    var sums = [Int](repeating: 0, count: columns * 3)
    for row in 0..<rows {
      for i in sums.indices { sums[i] = 0 }
      for line in row * factor..<(row + 1) * factor {
        let start = min(line, height - 1) * width
        for column in 0..<columns {
          for place in column * factor..<(column + 1) * factor {
            let pixel = (start + min(place, width - 1)) * 3
            for channel in 0..<3 { sums[column * 3 + channel] += Int(bytes[pixel + channel]) }
          }
        }
      }
      for (i, sum) in sums.enumerated() {
        result[row * columns * 3 + i] = UInt8((sum + area / 2) / area)
      }
    }
    return Picture(width: columns, height: rows, bytes: result)
  }
}

extension Plane {
  /// The lower median of the outermost pixels, each taken once a side of which it is not the corner.
  var medianOfBorder: Int {
    var histogram = Histogram()
    for x in 0..<width {
      histogram.add(Int(values[x]))
      histogram.add(Int(values[(height - 1) * width + x]))
    }
    for y in 1..<max(height - 1, 1) {
      histogram.add(Int(values[y * width]))
      histogram.add(Int(values[(y + 1) * width - 1]))
    }
    return histogram.lowerMedian
  }

  /// Twice the lower quartile of a pixel's difference from its two neighbours' sum: 1.6 times the deviation of noise.
  var ripple: Int {
    if width < 3 { return 0 }
    var histogram = Histogram(size: 511)
    for y in 0..<height {
      for i in y * width + 1..<(y + 1) * width - 1 {
        histogram.add(abs(2 * Int(values[i]) - Int(values[i - 1]) - Int(values[i + 1])))
      }
    }
    return 2 * histogram.value(at: (histogram.total - 1) / 4)
  }

  /// Difference in brightness from one ground; writing is darker where the ground is light.
  func distance(fromPlain ground: Int) -> Plane {
    looked(
      up: (0..<256).map { UInt8(max(ground >= 128 ? ground - $0 : $0 - ground, 0)) })
  }

  /// Ink of 0 to 255, of which the contrast becomes 255; noise becomes none.
  func ink(contrast: Int) -> Plane {
    looked(
      up: (0..<256).map {
        let ink = min(($0 * 255 + contrast / 2) / contrast, 255)
        return ink < Ground.noise ? 0 : UInt8(ink)
      })
  }

  /// Whether something is not 0 further than `margin` from the edges.
  func hasInner(margin: Int) -> Bool {
    for y in margin..<max(margin, height - margin) {
      for x in margin..<max(margin, width - margin) where values[y * width + x] != 0 {
        return true
      }
    }
    return false
  }
}
