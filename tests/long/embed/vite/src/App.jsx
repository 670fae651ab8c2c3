import { useState } from "react";
import { useCamera, useModel, usePrediction } from "torch2web/react";

const NAMES = ["one", "two"];

export function App() {
  const [name, setName] = useState(NAMES[0]);
  const [file, setFile] = useState();
  const [live, setLive] = useState(false);
  const { model, progress, loading, error } = useModel(name, { baseURL: "/torch2web/" });
  const camera = useCamera(live);
  const { prediction, error: failed } = usePrediction(model, live ? camera.stream : file);
  const problem = error ?? camera.error ?? failed;
  return (
    <main>
      {NAMES.map((each) => (
        <button key={each} aria-pressed={each === name} onClick={() => setName(each)}>{each}</button>
      ))}
      {loading && (
        <p>
          <progress value={progress?.fraction ?? 0} /> <button onClick={() => setName(null)}>Abort</button>
        </p>
      )}
      <input type="file" accept="image/*" onChange={(event) => setFile(event.target.files[0])} />
      <button onClick={() => setLive(!live)}>{live ? "Stop the camera" : "Camera"}</button>
      {live && <video ref={camera.ref} autoPlay muted playsInline />}
      {problem && <p role="alert">{String(problem)}</p>}
      {prediction?.top.map(({ label, probability }) => (
        <p key={label}>{label} <meter value={probability} /> {(100 * probability).toFixed(1)} %</p>
      ))}
    </main>
  );
}
