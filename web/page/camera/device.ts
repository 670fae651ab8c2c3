/** Opens, lists and switches cameras. */
import { t } from "../texts.ts";

export type Facing = "user" | "environment";

/** Which camera to open; without either the one that faces the visitor. */
export interface Wanted {
  deviceId?: string;
  facing?: Facing;
}

export interface Camera {
  stream: MediaStream;
  track: MediaStreamTrack;
  deviceId: string;
  /** Whether it faces the visitor, who expects a mirror then: unless it says that it looks away. */
  mirrored: boolean;
  hasTorch: boolean;
}

/** Torches are in no standard of the types yet: https://w3c.github.io/mediacapture-image/#torch */
interface TorchCapabilities extends MediaTrackCapabilities {
  torch?: boolean;
}

/** Raises DOMException as `getUserMedia` does, and TypeError where the browser offers no camera to this page. */
export async function openCamera({ deviceId, facing = "user" }: Wanted): Promise<Camera> {
  const which: MediaTrackConstraints = deviceId
    ? { deviceId: { exact: deviceId } }
    : { facingMode: { ideal: facing } };
  const stream = await navigator.mediaDevices.getUserMedia({
    // Networks look at few pixels; more would only cost time and battery.
    video: { ...which, width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } },
    audio: false,
  });
  const [track] = stream.getVideoTracks();
  const settings = track!.getSettings();
  const optional: Partial<MediaStreamTrack> = track!; // Firefox before 132 has no capabilities
  const capabilities: TorchCapabilities | undefined = optional.getCapabilities?.();
  return {
    stream,
    track: track!,
    deviceId: settings.deviceId ?? "",
    mirrored: settings.facingMode !== "environment" && settings.facingMode !== "left",
    hasTorch: capabilities?.torch === true,
  };
}

/** Stops the camera: its light goes off. */
export function release({ stream }: Camera): void {
  for (const track of stream.getTracks()) track.stop();
}

/** Raises DOMException where the device refuses. */
export async function setTorch({ track }: Camera, on: boolean): Promise<void> {
  const advanced = [{ torch: on } as MediaTrackConstraintSet];
  await track.applyConstraints({ advanced });
}

/** Every camera with a name to choose it by. Browsers give names once a camera was allowed. */
export async function listCameras(): Promise<{ deviceId: string; name: string }[]> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices
    .filter(({ kind, deviceId }) => kind === "videoinput" && deviceId)
    .map(({ deviceId, label }, index) => ({ deviceId, name: label || t("Camera {0}", index + 1) }));
}

/** Whether it is a phone or tablet, whose cameras are on two sides. */
export function hasTwoSides(cameras: number): boolean {
  return cameras > 1 && matchMedia("(pointer: coarse)").matches;
}
