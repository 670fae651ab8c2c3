// Rendered on the server, where importing the package is harmless; in Node it even predicts.
import { loadModel } from "torch2web";
import { Classifier } from "./classifier.jsx";

export default async function Page() {
  const model = await loadModel("one", { baseURL: "public/torch2web/" });
  const grey = { data: new Uint8Array(64 * 64).fill(128), width: 64, height: 64 };
  const { label } = await model.predict(grey);
  return (
    <main>
      <p id="server">{label}</p>
      <Classifier />
    </main>
  );
}
