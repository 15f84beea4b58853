/// A ground that changes over the picture, as light and shadow make it: what is left where thin marks are filled.
///
/// The twin is `shaded_distance` in Tools/train/ground.py.
struct ShadedGround {
  /// The difference of each pixel from the ground behind it, less the noise.
  let distance: Plane

  init(of picture: Picture, ripple: Int) {
    let channels = (0..<(picture.isColoured ? 3 : 1)).map { channel in
      let values = picture.channel(channel)
      return ripple > 3 ? values.averaged : values
    }
    // The smallest squares that no stroke fills.
    var size = 9
    while true {
      var distance = Plane(width: picture.width, height: picture.height)
      for values in channels {
        distance = distance.combined(with: Self.thinMarks(values, size: size)) { max($0, $1) }
      }
      let floor = max(distance.largest / 4, 3 * ripple, Ground.noise - 1)
      if 4 * distance.thickness(from: floor + 1) <= 16 * size || size >= 129 {
        self.distance = distance.map { UInt8(max(Int($0) - ripple, 0)) }
        return
      }
      size = 2 * size - 1
    }
  }

  /// How far thin marks stand out, dark ones or light ones, whichever the picture's are.
  private static func thinMarks(_ values: Plane, size: Int) -> Plane {
    let (light, dark) = (values.closed(size), values.opened(size))
    let range = light.combined(with: dark) { $0 - $1 }
    let most = range.largest
    if most < 16 { return Plane(width: values.width, height: values.height) }
    var votes = 0
    let side = 2 * size
    for top in stride(from: 0, to: values.height, by: side) {
      for left in stride(from: 0, to: values.width, by: side) {
        let rows = top..<min(top + side, values.height)
        let columns = left..<min(left + side, values.width)
        var histogram = Histogram()
        var marked: [Int] = []
        for y in rows {
          for pixel in y * values.width + columns.lowerBound..<y * values.width + columns.upperBound
          {
            histogram.add(Int(values.values[pixel]))
            if Int(range.values[pixel]) * 3 > most { marked.append(pixel) }
          }
        }
        let middle = histogram.lowerMedian
        for pixel in marked {
          let toLight = abs(Int(light.values[pixel]) - middle)
          votes += toLight <= abs(Int(dark.values[pixel]) - middle) ? 1 : -1
        }
      }
    }
    return votes >= 0
      ? light.combined(with: values) { $0 - $1 } : values.combined(with: dark) { $0 - $1 }
  }
}

extension Plane {
  /// The mean of 3 × 3 pixels, edges repeated.
  var averaged: Plane {
    var result = self
    for y in 0..<height {
      let rows = [max(y - 1, 0), y, min(y + 1, height - 1)].map { $0 * width }
      for x in 0..<width {
        var sum = 4
        for row in rows {
          sum += Int(values[row + max(x - 1, 0)]) + Int(values[row + x])
          sum += Int(values[row + min(x + 1, width - 1)])
        }
        result.values[y * width + x] = UInt8(sum / 9)
      }
    }
    return result
  }
}
