// The sources of the converter; its types describe the bundle with all extensions.

declare module "temml/temml.js" {
  export { default } from "temml";
}

declare module "temml/contrib/mhchem/mhchem.js";
