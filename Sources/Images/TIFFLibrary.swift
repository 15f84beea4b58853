import CPictureLibraries

/// libtiff's functions; see its tiffio.h.
package final class TIFFLibrary: Sendable {
  /// Of their own memory, because readers keep a pointer to them.
  nonisolated(unsafe) let functions: UnsafePointer<tiff_functions>

  package static let system = TIFFLibrary()

  private init?() {
    guard let library = SharedLibrary("tiff", versions: [6, 5]) else { return nil }
    var found = tiff_functions()
    found.open = library.function("TIFFClientOpen")
    found.close = library.function("TIFFClose")
    found.is_tiled = library.function("TIFFIsTiled")
    found.strip_size = library.function("TIFFStripSize")
    found.tile_size = library.function("TIFFTileSize")
    found.number_of_strips = library.function("TIFFNumberOfStrips")
    found.number_of_tiles = library.function("TIFFNumberOfTiles")
    found.read_strip = library.function("TIFFReadEncodedStrip")
    found.read_tile = library.function("TIFFReadEncodedTile")
    found.piece_offset = library.function("TIFFGetStrileOffset")
    found.piece_byte_count = library.function("TIFFGetStrileByteCount")
    found.set_error_handler = library.function("TIFFSetErrorHandler")
    found.set_warning_handler = library.function("TIFFSetWarningHandler")
    found.options_open = library.function("TIFFOpenOptionsAlloc")
    found.options_close = library.function("TIFFOpenOptionsFree")
    found.options_set_most_bytes = library.function("TIFFOpenOptionsSetMaxSingleMemAlloc")
    found.options_set_error_handler = library.function("TIFFOpenOptionsSetErrorHandlerExtR")
    found.options_set_warning_handler = library.function("TIFFOpenOptionsSetWarningHandlerExtR")
    found.open_with_options = library.function("TIFFClientOpenExt")
    let hasVariadic = tiff_functions_set_fields(
      &found, library.symbol("TIFFGetField"), library.symbol("TIFFGetFieldDefaulted"),
      library.symbol("TIFFSetField"))
    let isWhole =
      found.open != nil && found.close != nil && found.is_tiled != nil && found.strip_size != nil
      && found.tile_size != nil && found.number_of_strips != nil && found.number_of_tiles != nil
      && found.read_strip != nil && found.read_tile != nil && found.piece_offset != nil
      && found.piece_byte_count != nil && found.set_error_handler != nil
      && found.set_warning_handler != nil && hasVariadic != 0
    let hasOptions =
      found.options_open != nil && found.options_close != nil
      && found.options_set_most_bytes != nil && found.options_set_error_handler != nil
      && found.options_set_warning_handler != nil
    guard isWhole else { return nil }
    if !hasOptions { found.open_with_options = nil }
    let kept = UnsafeMutablePointer<tiff_functions>.allocate(capacity: 1)
    kept.initialize(to: found)
    functions = UnsafePointer(kept)
  }

  deinit { UnsafeMutablePointer(mutating: functions).deallocate() }
}
