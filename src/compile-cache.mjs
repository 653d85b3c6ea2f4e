/**
 * Loaded before everything else (`node --import`): keeps compiled modules beside the packages, so that a later start need
 * neither strip types nor compile. Plain JavaScript, because stripping this one file would load what the rest is spared
 * (15 MB). Whoever may write there may change the packages anyway; where nobody may, nothing is kept.
 */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'gatehouse'));
