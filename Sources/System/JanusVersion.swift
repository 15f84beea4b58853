/// The version of this software, the only place where it is written.
package enum JanusVersion {
  package static let current = "0.2.0"
}
