const x: { y?: { z: number } } = {};
console.log(x.y!.z);
export default (): void => {};
