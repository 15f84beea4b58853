/// `Kernels.quantizeRow`.
public func quantizeRow(
  _ x: UnsafePointer<Float>, _ count: Int, _ values: UnsafeMutablePointer<Int8>
) -> Float {
  // The order of the bits of |x| is the order of the numbers, with NaN above infinity.
  var largest: UInt32 = 0
  for k in 0..<count { largest = max(largest, x[k].bitPattern & 0x7fff_ffff) }
  let scale = Float(bitPattern: largest) / 127
  let usable = scale > 0 && scale.isFinite
  for k in 0..<count {
    let value = usable ? min(max((x[k] / scale).rounded(.toNearestOrEven), -127), 127) : 0
    values[k] = Int8(value)
  }
  for k in count..<(count + 31) / 32 * 32 { values[k] = 0 }
  return scale
}
