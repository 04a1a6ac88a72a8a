// The parts of the converter that are used; its own types describe the bundle of all.

declare module "temml/src/buildMathML.js" {
  export default function buildMathML(
    tree: object[],
    tex: string,
    style: object,
    settings: object,
  ): { toNode(): Node };
}

declare module "temml/src/constants.js" {
  export const StyleLevel: { DISPLAY: number; TEXT: number };
}

declare module "temml/src/defineMacro.js" {
  export default function defineMacro(name: string, body: unknown): void;
}

declare module "temml/src/parseTree.js" {
  export default function parseTree(tex: string, settings: object): object[];
}

declare module "temml/src/Settings.js" {
  export default class Settings {
    constructor(options: object);
  }
}

declare module "temml/src/Style.js" {
  export default class Style {
    constructor(options: { level: number; maxSize: [number, number] });
  }
}

declare module "temml/contrib/mhchem/mhchem.js";
