/** Path inside the blueprint (`blueprint.yaml`, `scripts/join.sh`, ...) -> text. */
export type BlueprintFiles = Readonly<Record<string, string>>
