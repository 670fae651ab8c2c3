import { useCallback, useEffect, useState } from "react";

export interface Camera {
  /** Undefined until the visitor has allowed it. */
  stream: MediaStream | undefined;
  /** Of the platform: `NotAllowedError`, `NotFoundError` and others. */
  error: unknown;
  /** For the <video> that shows it. */
  ref: (video: HTMLVideoElement | null) => void;
}

/** The visitor's camera while `on`; it is asked for then, and turned off afterwards. */
export function useCamera(on: boolean, constraints?: MediaTrackConstraints): Camera {
  const [stream, setStream] = useState<MediaStream>();
  const [error, setError] = useState<unknown>();
  const key = JSON.stringify(constraints);
  useEffect(() => {
    if (!on) return undefined;
    let used = true;
    let opened: MediaStream | undefined;
    const stop = (): void => opened?.getTracks().forEach((track) => track.stop());
    const open = async (): Promise<void> => {
      // Absent on pages from plain HTTP.
      const devices = (navigator as Partial<Navigator>).mediaDevices;
      if (!devices) throw new DOMException("Cameras need HTTPS or localhost.", "NotAllowedError");
      opened = await devices.getUserMedia({ video: constraints ?? { facingMode: "user" } });
      if (used) setStream(opened);
      else stop();
    };
    open().catch((reason: unknown) => used && setError(reason));
    return () => {
      used = false;
      stop();
      setStream(undefined);
      setError(undefined);
    };
  }, [on, key]);
  const ref = useCallback(
    (video: HTMLVideoElement | null) => {
      if (video) video.srcObject = stream ?? null;
    },
    [stream],
  );
  return { stream, error, ref };
}
