-- What a batch needs: MessagePack, and a key that is not declared.
return redis.call('EXISTS', cmsgpack.unpack(cmsgpack.pack({ args.undeclared }))[1])
