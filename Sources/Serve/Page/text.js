// Every word of the page, in English and Chinese. `{0}` stands for a value.
//
// What is shown keeps its key and its values (`data-t…`), so that a change of the language reaches all of it.

const words = {
  given: ["{0}", "{0}"],
  title: ["{0} – janus-lite", "{0} – janus-lite"],
  skip: ["Skip to the content", "跳到正文"],
  places: ["Places", "页面"],
  read: ["Read", "识别"],
  paint: ["Paint", "绘画"],
  chat: ["Chat", "对话"],
  language: ["Language", "语言"],
  theme: ["Colours", "配色"],
  themeAuto: ["Automatic", "自动"],
  themeLight: ["Light", "浅色"],
  themeDark: ["Dark", "深色"],
  stays: ["Pictures go to this server alone. The history lies in this browser.",
    "图片只发送到本服务器，历史记录只保存在本浏览器中。"],
  ready: ["Ready", "就绪"],
  busy: ["Busy: {0} at work, {1} waiting", "忙：{0} 个进行中，{1} 个排队"],
  loading: ["Loading the model", "正在加载模型"],
  stopping: ["Stopping", "正在停止"],
  off: ["No answer from the server", "服务器没有响应"],
  locked: ["The server wants a key", "服务器需要密钥"],

  pasteTitle: ["Paste a picture of a formula", "粘贴公式图片"],
  touchTitle: ["Read a picture of a formula", "识别公式图片"],
  touchHint: ["Take a photo, or choose a picture.", "拍照，或选择图片。"],
  pasteHint: ["Press {0}, drop a picture here, or choose one.", "按 {0}，把图片拖到这里，或选择文件。"],
  choose: ["Choose pictures", "选择图片"],
  photo: ["Take a photo", "拍照"],
  history: ["History", "历史记录"],
  exportAs: ["Export", "导出"],
  forget: ["Forget everything", "全部清除"],
  forgetAsk: ["Forget all of this place's history in this browser? It cannot be brought back.",
    "清除本浏览器中此页面的全部历史？此操作无法撤销。"],
  cancel: ["Cancel", "取消"],
  stop: ["Stop", "停止"],
  stopped: ["Stopped", "已停止"],
  sending: ["Sending", "发送中"],
  place: ["Waiting: {0} before yours", "排队中：前面还有 {0} 个"],
  next: ["Waiting: yours is next", "排队中：下一个就是您的"],
  looking: ["Looking at the picture", "正在看图"],
  lookingPart: ["Looking at the picture: {0} %", "正在看图：{0} %"],
  writing: ["Writing: {0}", "正在书写：{0}"],
  several: ["{0} of {1} pictures read", "已识别 {0}/{1} 张"],
  reading: ["Reading formula {0}", "正在识别公式 {0}"],
  pictureOf: ["The picture: {0}", "图片：{0}"],
  undrawn: ["This browser cannot show the picture. The server may read it all the same.",
    "本浏览器无法显示此图片，服务器仍可能读取它。"],
  noPicture: ["The picture of this entry is damaged.", "此条目的图片已损坏。"],
  card: ["Formula {0}: {1}", "公式 {0}：{1}"],
  cardEmpty: ["Formula {0}, not read", "公式 {0}，未识别"],
  picture: ["The picture", "图片"],
  formula: ["The formula", "公式"],
  latexOf: ["LaTeX of formula {0}, to be edited", "公式 {0} 的 LaTeX（可编辑）"],
  crop: ["Crop", "裁剪"],
  cropHint: ["Drag over the formula. With keys: arrows move the frame, Shift and arrows change its size.",
    "拖动选择公式。键盘：方向键移动选框，Shift+方向键改变大小。"],
  cropBroken: ["This browser cannot draw the picture, so no part of it can be chosen.", "本浏览器无法显示此图片，因此不能裁剪。"],
  cropDo: ["Read this part", "识别所选部分"],
  again: ["Again", "重来"],
  remove: ["Remove", "删除"],
  removed: ["Removed.", "已删除。"],
  undo: ["Undo", "撤销"],
  restore: ["Back to the text before", "恢复之前的文本"],
  right: ["It is right", "正确"],
  isRight: ["Marked as right", "已标为正确"],
  corrected: ["Corrected by you", "已由您更正"],
  sure: ["{0} % sure", "把握 {0} %"],
  doubtful: ["Doubtful:", "存疑："],
  nothing: ["nothing", "无"],
  choice: ["{0}  {1} %", "{0}  {1} %"],
  doubtLabel: ["Doubtful piece {0}: choose another reading", "存疑部分 {0}：选择其他读法"],
  wordMath: ["MathML (Word)", "MathML（Word）"],
  copied: ["Copied: {0}", "已复制：{0}"],
  cannotCopy: ["The browser did not allow copying.", "浏览器不允许复制。"],
  notMath: ["This LaTeX cannot be shown: {0}", "无法显示此 LaTeX：{0}"],
  cut: ["The answer was cut before its end.", "结果在结束前被截断。"],
  loop: ["The answer began to repeat itself and was cut.", "结果开始重复，已被截断。"],

  prompt: ["What to paint", "画什么"],
  promptHint: ["A red circle on a blue background", "蓝色背景上的红色圆形"],
  number: ["Number", "数量"],
  seed: ["Seed", "种子"],
  die: ["Another seed", "换一个种子"],
  guidance: ["Guidance: {0}", "引导强度：{0}"],
  paintDo: ["Paint", "开始绘画"],
  guidanceName: ["Guidance", "引导强度"],
  rows: ["Row {0} of {1}", "第 {0}/{1} 行"],
  rowsLeft: ["Row {0} of {1} · about {2} s left", "第 {0}/{1} 行 · 约剩 {2} 秒"],
  painting: ["Painting: {0}", "正在绘画：{0}"],
  painted: ["Painted: {0}", "已画好：{0}"],
  noPaintings: ["What is painted appears here, row by row.", "画作会逐行显示在这里。"],
  noPainter: ["This model reads pictures and does not paint any.", "此模型只能识图，不能绘画。"],
  openPicture: ["Open: {0}, seed {1}", "打开：{0}，种子 {1}"],
  unfinished: ["Unfinished: {0}", "未完成：{0}"],
  variations: ["Four variations", "四个变体"],
  download: ["Download", "下载"],
  close: ["Close", "关闭"],
  wall: ["Paintings", "画作"],

  say: ["Your message", "输入消息"],
  sayHint: ["Ask, with or without pictures", "提问，可附图片"],
  send: ["Send", "发送"],
  attach: ["Add pictures", "添加图片"],
  newChat: ["New conversation", "新对话"],
  earlier: ["Earlier conversations", "以前的对话"],
  noChats: ["Ask something, or show a picture and ask about it.", "提个问题，或附上图片再提问。"],
  noAnswer: ["The model answered nothing. Ask in other words, or show a picture.", "模型没有回答。请换一种问法，或附上图片。"],
  thinking: ["Taking the question in", "正在读题"],
  regenerate: ["Regenerate", "重新生成"],
  edit: ["Edit", "编辑"],
  copy: ["Copy", "复制"],
  you: ["You", "您"],
  assistant: ["Answer", "回答"],
  untitled: ["Conversation", "对话"],
  answering: ["The answer is being written", "正在回答"],
  apart: ["This conversation went on in another tab. What was said here is kept as a conversation of its own.",
    "此对话已在另一个标签页中继续。这里的内容已另存为单独的对话。"],

  keyTitle: ["This server wants a key", "此服务器需要密钥"],
  keyLetters: ["This key cannot be sent: it has characters that no key of a server has. Copy it again.",
    "无法发送此密钥：其中含有密钥不允许的字符。请重新复制。"],
  keySave: ["Use it", "使用"],

  eUnreachable: ["The server does not answer. Is it still running? Nothing was lost; try again.",
    "服务器没有响应。它还在运行吗？内容没有丢失，请重试。"],
  eFull: ["The server is busy and its queue is full. Try again in about {0} s.",
    "服务器繁忙，队列已满。请约 {0} 秒后重试。"],
  eMemory: ["There is too little memory for this now. Try fewer pictures or a shorter question. ({0})",
    "内存不足。请减少图片或缩短问题。（{0}）"],
  eStopping: ["The server is being stopped. Start it again and repeat this.",
    "服务器正在停止。请重新启动后再试。"],
  eLoading: ["The model is still being loaded. Try again in a moment.", "模型仍在加载，请稍后再试。"],
  eContext: ["This conversation is too long for the model: {0}. Begin a new one.",
    "对话超出模型长度：{0}。请开始新对话。"],
  eBody: ["The pictures are too large to be sent. Crop or reduce them.", "图片太大，无法发送。请裁剪或缩小。"],
  eKey: ["The key is missing or wrong.", "密钥缺失或错误。"],
  eWrongKey: ["The server does not know this key.", "服务器不认识此密钥。"],
  ePicture: ["This file is not a picture that can be read: {0}", "无法读取此图片：{0}"],
  eNoPicture: ["This is no picture: {0}. Pictures of formulas are read, such as PNG, JPEG, TIFF or HEIC; of a PDF, take a picture of the formula.",
    "这不是图片：{0}。可识别 PNG、JPEG、TIFF、HEIC 等图片；PDF 请截取公式图片。"],
  eUnread: ["This picture has not been read to the end.", "此图片尚未识别完成。"],
  eStatus: ["The server failed; its log says why. ({0})", "服务器出错，原因见其日志。（{0}）"],
  eFailed: ["The server failed; its log says why.", "服务器出错，原因见其日志。"],
  eStore: ["The browser could not store this in the history: its space may be full. It is lost when the page is closed.",
    "浏览器无法将其保存到历史记录（空间可能已满）。关闭页面后将会丢失。"],
  eBroken: ["The answer broke off before its end.", "回答中途中断。"],
};

let index = 0;

export const languages = ["en", "zh"];

/** The words of `key`. A value may be a list of a key and values, too. */
export function t(key, ...values) {
  const text = words[key]?.[index] ?? key;
  return text.replace(/\{(\d)\}/g, (_, n) => Array.isArray(values[n]) ? t(...values[n]) : values[n] ?? "");
}

/** What people are told of a fault, as a key and its values. */
export class Told extends Error {
  constructor(...words) {
    super(t(...words));
    this.words = words;
  }
}

/** The words of any error. */
export function wordsOf(error) { return error.words ?? ["given", error.message]; }

const attributes = { tLabel: "aria-label", tTitle: "title", tPlaceholder: "placeholder", tAlt: "alt" };

/** Puts words into an element, as its text (`t`) or as an attribute: a key, or a list of a key and values. */
export function put(element, name, words) {
  element.dataset[name] = JSON.stringify([words].flat());
  write(element, name);
}

function write(element, name) {
  const kept = element.dataset[name];
  const text = kept.startsWith("[") ? t(...JSON.parse(kept)) : t(kept);
  if (name === "t") element.textContent = text;
  else element.setAttribute(attributes[name], text);
}

/** Puts every word that stands in the page into `language`. */
export function setLanguage(language) {
  index = Math.max(0, languages.indexOf(language));
  document.documentElement.lang = ["en", "zh-Hans"][index];
  for (const name of ["t", ...Object.keys(attributes)]) {
    const selector = `[data-${name.replace(/[A-Z]/g, c => "-" + c.toLowerCase())}]`;
    for (const element of document.querySelectorAll(selector)) write(element, name);
  }
  document.dispatchEvent(new Event("language"));
}

/** Text of others with the signs that turn the direction of what follows made visible, so that they turn nothing. */
export function harmless(text) {
  return String(text ?? "").replace(/[\u202a-\u202e\u2066-\u2069]/g,
    sign => `[U+${sign.charCodeAt(0).toString(16).toUpperCase()}]`);
}

/** The language that was chosen here before, or else the browser's. */
export function preferred() {
  const chosen = localStorage.getItem("janus-language");
  if (languages.includes(chosen)) return chosen;
  return (navigator.languages ?? []).some(l => l.startsWith("zh")) && !navigator.language.startsWith("en") ? "zh" : "en";
}
