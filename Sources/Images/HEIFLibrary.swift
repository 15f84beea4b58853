import CPictureLibraries

/// libheif's functions; see its heif.h.
package struct HEIFLibrary: Sendable {
  let allocateContext: heif_context_alloc_function
  let freeContext: heif_context_free_function
  let read: heif_context_read_function
  let primary: heif_context_primary_function
  let width: heif_integer_function
  let height: heif_integer_function
  let hasAlpha: heif_integer_function
  let isPremultiplied: heif_integer_function?
  let releaseHandle: heif_release_function
  let decode: heif_decode_function
  let plane: heif_plane_function
  let planeWidth: heif_plane_size_function
  let planeHeight: heif_plane_size_function
  let releaseImage: heif_release_function
  let setMostSide: heif_context_set_most_function?
  let setMostThreads: heif_context_set_most_function?
  /// Since libheif 1.19.
  let limits: heif_context_get_limits_function?

  package static let system = HEIFLibrary()

  private init?() {
    guard let library = SharedLibrary("heif", versions: [1]),
      let allocateContext: heif_context_alloc_function = library.function("heif_context_alloc"),
      let freeContext: heif_context_free_function = library.function("heif_context_free"),
      let read: heif_context_read_function =
        library.function("heif_context_read_from_memory_without_copy"),
      let primary: heif_context_primary_function =
        library.function("heif_context_get_primary_image_handle"),
      let width: heif_integer_function = library.function("heif_image_handle_get_width"),
      let height: heif_integer_function = library.function("heif_image_handle_get_height"),
      let hasAlpha: heif_integer_function =
        library.function("heif_image_handle_has_alpha_channel"),
      let releaseHandle: heif_release_function = library.function("heif_image_handle_release"),
      let decode: heif_decode_function = library.function("heif_decode_image"),
      let plane: heif_plane_function = library.function("heif_image_get_plane_readonly"),
      let planeWidth: heif_plane_size_function = library.function("heif_image_get_width"),
      let planeHeight: heif_plane_size_function = library.function("heif_image_get_height"),
      let releaseImage: heif_release_function = library.function("heif_image_release")
    else { return nil }
    self.allocateContext = allocateContext
    self.freeContext = freeContext
    self.read = read
    self.primary = primary
    self.width = width
    self.height = height
    self.hasAlpha = hasAlpha
    isPremultiplied = library.function("heif_image_handle_is_premultiplied_alpha")
    self.releaseHandle = releaseHandle
    self.decode = decode
    self.plane = plane
    self.planeWidth = planeWidth
    self.planeHeight = planeHeight
    self.releaseImage = releaseImage
    setMostSide = library.function("heif_context_set_maximum_image_size_limit")
    setMostThreads = library.function("heif_context_set_max_decoding_threads")
    limits = library.function("heif_context_get_security_limits")
  }
}
