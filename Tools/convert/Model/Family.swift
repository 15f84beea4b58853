/// Models that are taken for Janus because they share its files, refused by their names.
enum Family {
  static func check(
    _ config: ConfigSection, tensors: [String: StoredTensor]
  ) throws(ConversionError) {
    let flow = ["vision_und_enc_config", "vision_gen_enc_config", "vision_gen_dec_config"]
    let flowParts = ["vision_gen_enc_model.", "vision_gen_dec_model.", "vision_und_enc_model."]
    let isFlow =
      flow.contains(where: config.has) || config.object["model_type"]?.string == "janusflow"
      || tensors.keys.contains { name in flowParts.contains(where: name.hasPrefix) }
    if isFlow {
      throw .data(
        file: config.file,
        problem: "this is JanusFlow, another network, which paints by rectified flow; expected "
          + "Janus-Pro or Janus-1.3B")
    }
    // DeepSeek-VL has the same model_type, and no part that paints.
    let vision = config.object["vision_config"]?.object
    let isHybrid =
      vision?["cls"]?.string == "HybridVisionTower"
      || config.object["model_type"]?.string?.hasPrefix("deepseek_vl") == true
    let isMultiModality = config.object["model_type"]?.string == "multi_modality"
    let paintingParts = ["gen_vision_config", "gen_head_config", "gen_aligner_config"]
    let paints =
      paintingParts.contains(where: config.has)
      || tensors.keys.contains { $0.hasPrefix("gen_") }
    if isHybrid || (isMultiModality && !paints && config.has("vision_config")) {
      throw .data(
        file: config.file,
        problem: "this is DeepSeek-VL, which has other prompts and no part that paints; expected "
          + "Janus-Pro or Janus-1.3B")
    }
  }
}
