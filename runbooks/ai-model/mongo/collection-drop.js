db = connect(process.env.MONGO_URL);
db.getCollection(process.env.COLLECTION).drop();
