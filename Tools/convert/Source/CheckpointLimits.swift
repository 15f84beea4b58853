import JanusSystem

/// The numbers that bound what a checkpoint may ask for, checked before anything is allocated.
///
/// The largest published Janus-Pro has 936 tensors, a pickle of 320 kB and a safetensors header of
/// 100 kB; its `tokenizer.json` has 8 MB at most.
enum CheckpointLimits {
  static let safetensorsHeaderBytes = 1 << 24
  static let pickleBytes = 1 << 22
  static let tensorCount = 1 << 16
  static let zipEntryCount = 1 << 17
  static let zipDirectoryBytes = 1 << 26
  static let nameBytes = 512
  static let rank = 8
  static let configurationBytes = 1 << 20
  static let indexBytes = 1 << 24
  static let tokenizerBytes = 1 << 25
  /// Values within one JSON text, and within a tokenizer's.
  static let jsonValues = 1 << 19
  static let tokenizerValues = 1 << 21
  /// Folders in which weights are looked for.
  static let subfolders = 256
  /// How many times its own bytes a checkpoint may become.
  static let growth = 4
}
