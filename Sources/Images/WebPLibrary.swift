import CPictureLibraries

/// libwebp's functions; see its decode.h and encode.h.
package struct WebPLibrary: Sendable {
  let getInfo: webp_get_info_function
  let decodeRGB: webp_decode_into_function
  let decodeRGBA: webp_decode_into_function
  let encodeRGB: webp_encode_function
  let encodeLosslessRGB: webp_encode_lossless_function
  let free: webp_free_function

  package static let system = WebPLibrary()

  private init?() {
    guard let library = SharedLibrary("webp", versions: [7, 6]),
      let getInfo: webp_get_info_function = library.function("WebPGetInfo"),
      let decodeRGB: webp_decode_into_function = library.function("WebPDecodeRGBInto"),
      let decodeRGBA: webp_decode_into_function = library.function("WebPDecodeRGBAInto"),
      let encodeRGB: webp_encode_function = library.function("WebPEncodeRGB"),
      let encodeLosslessRGB: webp_encode_lossless_function =
        library.function("WebPEncodeLosslessRGB"),
      let free: webp_free_function = library.function("WebPFree")
    else { return nil }
    self.getInfo = getInfo
    self.decodeRGB = decodeRGB
    self.decodeRGBA = decodeRGBA
    self.encodeRGB = encodeRGB
    self.encodeLosslessRGB = encodeLosslessRGB
    self.free = free
  }
}
