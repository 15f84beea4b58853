/// The metadata keys with which a container describes itself, written by `ContainerWriter` alone.
public enum ContainerKey {
  public static let architecture = "general.architecture"
  public static let alignment = "general.alignment"
  public static let formatVersion = "janus.format_version"
  public static let tensorNames = "janus.tensors.name"
  public static let tensorFormats = "janus.tensors.format"
  public static let tensorShapes = "janus.tensors.shape"
  public static let tensorChecksums = "janus.tensors.sha256"

  static let all = [
    architecture, alignment, formatVersion, tensorNames, tensorFormats, tensorShapes,
    tensorChecksums,
  ]
}
