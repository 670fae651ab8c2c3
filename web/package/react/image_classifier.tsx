import { useEffect, useState, type ReactNode } from "react";
import type { DoubtfulAnswers, Prediction } from "torch2web";
import { useCamera } from "./use_camera.ts";
import { useModel, type UseModelOptions } from "./use_model.ts";
import { usePrediction } from "./use_prediction.ts";

const TEXTS = {
  upload: "Choose a picture",
  camera: "Camera",
  stop: "Stop the camera",
  loading: "Loading the model",
  retry: "Try again",
  doubtful:
    "The last answers may be wrong: this device computed wrong numbers. Now it computes in another way.",
};

export interface ImageClassifierProps extends Omit<UseModelOptions, "task"> {
  /** Name of a classifier of the site. */
  model: string;
  /** What the visitor may choose; by default both. */
  sources?: readonly ("upload" | "camera")[];
  /** Number of labels that are shown; by default 5. */
  topK?: number;
  onPrediction?: (prediction: Prediction) => void;
  onError?: (error: unknown) => void;
  className?: string;
  /** Texts in another language. */
  texts?: Partial<typeof TEXTS>;
}

/**
 * A classifier to drop into a page: upload, camera, progress and the most probable labels with bars. Unstyled but for
 * the classes `torch2web-…`.
 */
export function ImageClassifier({
  model: name,
  sources = ["upload", "camera"],
  topK = 5,
  onPrediction,
  onError,
  className = "torch2web",
  texts,
  ...options
}: ImageClassifierProps): ReactNode {
  const text = { ...TEXTS, ...texts };
  const [file, setFile] = useState<File>();
  const [live, setLive] = useState(false);
  const { model, loading, progress, error: loadError, doubtful, retry } = useModel(name, options);
  /** The report that was there when the visitor chose something else. */
  const [told, setTold] = useState<DoubtfulAnswers>();
  const camera = useCamera(live);
  const { prediction, error: failed } = usePrediction(model, live ? camera.stream : file, { topK });
  const error = loadError ?? camera.error ?? failed;
  useEffect(() => {
    if (prediction) onPrediction?.(prediction);
  }, [prediction]);
  useEffect(() => {
    if (error !== undefined) onError?.(error);
  }, [error]);
  return (
    <div className={className}>
      {sources.includes("upload") && (
        <label className="torch2web-upload">
          {text.upload}{" "}
          <input
            type="file"
            accept="image/*"
            onChange={({ target }) => {
              setTold(doubtful);
              setLive(false);
              setFile(target.files?.[0]);
            }}
          />
        </label>
      )}
      {sources.includes("camera") && (
        <button
          type="button"
          className="torch2web-camera"
          onClick={() => {
            setTold(doubtful);
            setLive(!live);
          }}
        >
          {live ? text.stop : text.camera}
        </button>
      )}
      {live ? (
        <video ref={camera.ref} autoPlay muted playsInline className="torch2web-picture" />
      ) : (
        file && <Picture file={file} />
      )}
      {loading && (
        <label className="torch2web-loading">
          {text.loading} <progress value={progress?.loaded} max={progress?.total} />
        </label>
      )}
      {error !== undefined && (
        <p role="alert" className="torch2web-error">
          {messageOf(error)}{" "}
          {loadError !== undefined && (
            <button type="button" onClick={retry}>
              {text.retry}
            </button>
          )}
        </p>
      )}
      {doubtful && doubtful !== told && (
        <p role="status" className="torch2web-doubtful">
          {text.doubtful}
        </p>
      )}
      <ol className="torch2web-answer" aria-live={live ? "off" : "polite"}>
        {prediction?.top?.map(({ label, index, probability }) => (
          <li key={index}>
            <bdi>{label}</bdi> <meter value={probability} aria-label={label} />{" "}
            {(100 * probability).toFixed(1)} %
          </li>
        ))}
      </ol>
    </div>
  );
}

function Picture({ file }: { file: File }): ReactNode {
  const [url, setURL] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(file);
    setURL(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url && <img src={url} alt="" className="torch2web-picture" />;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
