import type { Path } from "../yaml-document";

export interface SettingProblem {
  readonly path: Path;
  readonly message: string;
}

export const checkSettings = (_settings: unknown): SettingProblem[] => [];
