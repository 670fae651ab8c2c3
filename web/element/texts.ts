/** What the element says, by language. `{…}` stand for values. */

const ENGLISH = {
  choose: "Choose a picture",
  camera: "Use the camera",
  stop: "Stop the camera",
  hint: "Choose a picture, drop one here, or paste it.",
  samples: "Examples",
  sample: "Example {number}",
  picture: "The picture that was chosen",
  answers: "Answers, the most probable first",
  loading: "Loading, {percent} …",
  starting: "Starting …",
  looking: "Looking …",
  answer: "{label}, {percent}",
  unreadable: "This picture cannot be read. Try a JPEG or PNG file.",
  cameraDenied:
    "The camera was not allowed. Allow it in the settings of the browser, then try again.",
  noCamera: "No camera was found.",
  network: "The download failed. Look at the network, then try again.",
  doubtful:
    "The last answers may be wrong: this device computed wrong numbers. Now it computes in another way.",
  failed: "This does not work here: {message}",
};

export type Texts = typeof ENGLISH;

const TRANSLATIONS: Record<string, Texts> = {
  en: ENGLISH,
  de: {
    choose: "Bild wählen",
    camera: "Kamera benutzen",
    stop: "Kamera ausschalten",
    hint: "Ein Bild wählen, hierher ziehen oder einfügen.",
    samples: "Beispiele",
    sample: "Beispiel {number}",
    picture: "Das gewählte Bild",
    answers: "Antworten, die wahrscheinlichste zuerst",
    loading: "Wird geladen, {percent} …",
    starting: "Wird gestartet …",
    looking: "Wird angesehen …",
    answer: "{label}, {percent}",
    unreadable: "Dieses Bild lässt sich nicht lesen. JPEG oder PNG geht.",
    cameraDenied:
      "Die Kamera wurde nicht erlaubt. Sie lässt sich in den Einstellungen des Browsers erlauben.",
    noCamera: "Es wurde keine Kamera gefunden.",
    network: "Der Download ist fehlgeschlagen. Bitte das Netz prüfen und noch einmal versuchen.",
    doubtful:
      "Die letzten Antworten können falsch sein: Dieses Gerät hat falsch gerechnet. Es rechnet nun anders.",
    failed: "Das geht hier nicht: {message}",
  },
  fr: {
    choose: "Choisir une image",
    camera: "Utiliser la caméra",
    stop: "Arrêter la caméra",
    hint: "Choisissez une image, déposez-la ici ou collez-la.",
    samples: "Exemples",
    sample: "Exemple {number}",
    picture: "L’image choisie",
    answers: "Réponses, la plus probable en premier",
    loading: "Chargement, {percent} …",
    starting: "Démarrage …",
    looking: "Analyse …",
    answer: "{label}, {percent}",
    unreadable: "Cette image est illisible. Essayez un fichier JPEG ou PNG.",
    cameraDenied:
      "La caméra n’a pas été autorisée. Autorisez-la dans les réglages du navigateur, puis réessayez.",
    noCamera: "Aucune caméra trouvée.",
    network: "Le téléchargement a échoué. Vérifiez le réseau, puis réessayez.",
    doubtful:
      "Les dernières réponses peuvent être fausses : cet appareil a mal calculé. Il calcule désormais autrement.",
    failed: "Cela ne fonctionne pas ici : {message}",
  },
  es: {
    choose: "Elegir una imagen",
    camera: "Usar la cámara",
    stop: "Apagar la cámara",
    hint: "Elija una imagen, arrástrela aquí o péguela.",
    samples: "Ejemplos",
    sample: "Ejemplo {number}",
    picture: "La imagen elegida",
    answers: "Respuestas, la más probable primero",
    loading: "Cargando, {percent} …",
    starting: "Iniciando …",
    looking: "Analizando …",
    answer: "{label}, {percent}",
    unreadable: "No se puede leer esta imagen. Pruebe con un archivo JPEG o PNG.",
    cameraDenied:
      "No se permitió la cámara. Permítala en los ajustes del navegador e inténtelo de nuevo.",
    noCamera: "No se encontró ninguna cámara.",
    network: "Falló la descarga. Compruebe la red e inténtelo de nuevo.",
    doubtful:
      "Las últimas respuestas pueden ser falsas: este dispositivo calculó mal. Ahora calcula de otra manera.",
    failed: "Esto no funciona aquí: {message}",
  },
  zh: {
    choose: "选择图片",
    camera: "使用摄像头",
    stop: "关闭摄像头",
    hint: "选择一张图片，或将其拖放、粘贴到此处。",
    samples: "示例",
    sample: "示例 {number}",
    picture: "所选图片",
    answers: "结果，按可能性从高到低",
    loading: "正在加载，{percent} …",
    starting: "正在启动 …",
    looking: "正在识别 …",
    answer: "{label}，{percent}",
    unreadable: "无法读取这张图片。请试试 JPEG 或 PNG 文件。",
    cameraDenied: "未获得摄像头权限。请在浏览器设置中允许，然后重试。",
    noCamera: "未找到摄像头。",
    network: "下载失败。请检查网络后重试。",
    doubtful: "最近的结果可能有误：此设备计算出错，现已改用其他方式。",
    failed: "此处无法使用：{message}",
  },
};

/** The texts in a language such as `de-CH`, English where there are none, with the element's own instead of some. */
export function textsIn(lang: string, own: Partial<Texts>): Texts {
  const [language = ""] = lang.toLowerCase().split("-");
  return { ...(TRANSLATIONS[language] ?? ENGLISH), ...own };
}

/** `text` with `values` in place of `{…}`. */
export function filled(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
