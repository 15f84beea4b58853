import Testing

@testable import JanusSystem

@Suite struct DigestTests {
  /// The examples of FIPS 180-4.
  @Test func checksumsEqualThePublishedOnes() {
    #expect(
      Digest.hexadecimal(Digest.sha256("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      Digest.hexadecimal(Digest.sha256([]))
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    var digest = Digest(.sha1)
    Array("abc".utf8).withUnsafeBytes { digest.update($0) }
    #expect(Digest.hexadecimal(digest.finalize()) == "a9993e364706816aba3e25717850c26c9cd0d89d")
  }

  @Test func aCopyGoesOnByItself() {
    var one = Digest(.sha256)
    Array("a".utf8).withUnsafeBytes { one.update($0) }
    var other = one
    Array("bc".utf8).withUnsafeBytes { other.update($0) }
    #expect(other.finalize() == Digest.sha256("abc".utf8))
    #expect(one.finalize() == Digest.sha256("a".utf8))
  }
}
